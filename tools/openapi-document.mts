// The description of the API as the repository keeps it: of this version, at the address that `npm start` has.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenApiDocument } from '@reelay/contracts/openapi/document';

export const openApiFile = 'docs/openapi.json';

export async function describeApi(root: string): Promise<OpenApiDocument> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const { clientRoutes } = await import('@reelay/contracts/openai-api/client-routes');
  const { describeClientApi } = await import('@reelay/contracts/openai-api/describe-client-api');
  return describeClientApi({ routes: clientRoutes, version, serverUrl: 'http://127.0.0.1:8000' });
}
