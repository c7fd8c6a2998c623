import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderErrorsDocument } from './errors-document.js';

// `node tools/write-errors-doc.mts` writes it anew.
test('docs/errors.md says exactly what the registry says', () => {
  const document = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');
  expect(document).toBe(renderErrorsDocument());
});
