// The OpenAPI 3.1 document of the admin interface, made from its table of routes.
import { requestSchemas, responseSchemas } from './schemas.ts';

export type RequestSchema = keyof typeof requestSchemas;

export interface RouteFacts {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  /** Who may; `anyone` needs no token. */
  readonly role: 'anyone' | 'reader' | 'admin';
  readonly takes?: RequestSchema;
  /** Takes text instead of JSON. */
  readonly takesText?: boolean;
  readonly query?: Readonly<Record<string, string>>;
  /** Name of a schema, or a media type of text. */
  readonly gives: string;
  readonly status?: number;
}

export function openapiOf(routes: readonly RouteFacts[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'veza-proxy admin',
      version,
      description:
        'Changes at run time last until the configuration is read again; PUT /api/config changes the file, too.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'From a token file, or of a login.' } },
      schemas: { ...responseSchemas, ...requestSchemas },
    },
  };
}

function operation(route: RouteFacts): object {
  const names = [...route.path.matchAll(/\{([a-z]+)\}/g)].map(([, name = '']) => name);
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(route.query ?? {}).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    })),
  ];
  const problem = (description: string): object => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
  });
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/^\/api/, '').replace(/[/{}.-]+(.?)/g, (_, next: string) => next.toUpperCase())}`,
    ...(route.role !== 'anyone' && { security: [{ bearer: [] }], description: `Role: ${route.role}.` }),
    ...(parameters.length > 0 && { parameters }),
    ...(body(route) && { requestBody: { required: true, content: body(route) } }),
    responses: {
      [String(route.status ?? 200)]: { description: 'Done.', content: content(route) },
      '400': problem('The request is not as described.'),
      ...(route.role !== 'anyone' && {
        '401': problem('A token is missing or worth nothing.'),
        '403': problem('The role may not.'),
      }),
      ...(names.length > 0 && { '404': problem('There is none of this name.') }),
    },
  };
}

function body({ takes, takesText }: RouteFacts): object | undefined {
  if (takesText === true) return { 'application/yaml': { schema: { type: 'string' } } };
  return takes && { 'application/json': { schema: { $ref: `#/components/schemas/${takes}` } } };
}

function content({ gives }: RouteFacts): object {
  return gives.includes('/')
    ? { [gives]: { schema: { type: 'string' } } }
    : { 'application/json': { schema: { $ref: `#/components/schemas/${gives}` } } };
}
