/**
 * The page that shows the API and lets people try it: Swagger UI, from this very address and with nothing from another. The key that is
 * typed in stays in the page's memory and is gone with it.
 */
import path from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** Those that the page asks for, and no other. */
export function findPageFile(name: string): { path: string; contentType: string } | undefined {
  const contentType = Object.hasOwn(contentTypes, name) ? contentTypes[name] : undefined;
  if (contentType === undefined) return undefined;
  const folder = path.dirname(require.resolve('swagger-ui-dist/package.json'));
  return { path: path.join(folder, name), contentType };
}

/** Swagger UI has its symbols as data URIs, and shows downloaded pictures by blobs. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Its addresses are relative: the gateway may be reached below a path. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Reelay API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

/** Requests go to where the page came from, whatever address others are told: the page's policy allows no other. */
export const startScript = `'use strict';
(async () => {
  const description = await (await fetch('openapi.json')).json();
  const here = new URL('.', location.href).href.replace(/\\/$/, '');
  SwaggerUIBundle({
    spec: { ...description, servers: [{ url: here }] },
    dom_id: '#api',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    persistAuthorization: false,
    validatorUrl: null,
  });
})();
`;
