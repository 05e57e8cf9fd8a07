// The version of this program, as `version` and `show info` tell it. Kept equal to package.json by a test.
export const version = '0.1.0';
/** As HAProxy tells it. */
export const releaseDate = '2026/11/21';
