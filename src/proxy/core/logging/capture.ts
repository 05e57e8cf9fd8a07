// Values that the access log takes along: headers, cookies, texts. Each is cut at its length.

export interface Capture {
  /** Lower-case name of a header; '' where there is a text. */
  readonly header: string;
  /** With placeholders. */
  readonly text: string;
  readonly length: number;
}

export interface CookieCapture {
  /** What the name of the cookie begins with; with `=` behind it, the whole name. */
  readonly name: string;
  readonly length: number;
}

/** `NAME=value` of the first cookie in a Cookie header, or in the values of Set-Cookie; '' without one. */
export function capturedCookie(values: readonly string[], { name, length }: CookieCapture): string {
  for (const value of values) {
    for (const part of value.split(';')) {
      const crumb = part.trim();
      if (crumb.startsWith(name)) return crumb.slice(0, length);
    }
  }
  return '';
}

/** The values of Set-Cookie without their attributes. */
export function setCookies(fields: string): string[] {
  return [...fields.matchAll(/^set-cookie:[ \t]*([^;\r\n]*)/gim)].map(([, crumb = '']) => crumb);
}
