// Writes docs/errors.md from the error registry. Run it (after a build) when a code was added or changed: node tools/write-errors-doc.mts
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderErrorsDocument } from '@reelay/contracts/errors-document';

const target = path.join(import.meta.dirname, '..', 'docs', 'errors.md');
writeFileSync(target, renderErrorsDocument());
console.log(`${path.relative(process.cwd(), target)} written`);
