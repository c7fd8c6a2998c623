// docs/openapi.json is what the routes say, and valid by OpenAPI's own schema.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describeApi, openApiFile } from '../openapi-document.mts';

export async function checkOpenApi(root: string): Promise<string[]> {
  const document = JSON.parse(JSON.stringify(await describeApi(root))) as Record<string, unknown>;
  const file = path.join(root, openApiFile);
  const kept: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  return [
    ...(isDeepStrictEqual(kept, document)
      ? []
      : [`${openApiFile} is not what the routes say: node tools/write-openapi.mts`]),
    ...(valid ? [] : [`${openApiFile} is not valid OpenAPI 3.1: ${JSON.stringify(errors).slice(0, 2_000)}`]),
  ];
}
