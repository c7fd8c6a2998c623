import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findProgram } from './find-program.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-find-program-'));
  await writeFile(join(folder, 'tool'), '#!/bin/sh\n');
  await chmod(join(folder, 'tool'), 0o755);
  await writeFile(join(folder, 'text'), 'no program');
  await chmod(join(folder, 'text'), 0o644);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a name is looked for in the folders in their order, a path is taken as it is', async () => {
  const tool = join(folder, 'tool');
  expect(await findProgram('tool', ['/nowhere', folder].join(delimiter))).toBe(tool);
  expect(await findProgram(tool, '')).toBe(tool);
});

test('what is not there, cannot be run, or lies in the folder we happen to be in is no program', async () => {
  expect(await findProgram('tool', '')).toBeUndefined();
  expect(await findProgram('tool', ['', '.', '/nowhere'].join(delimiter))).toBeUndefined();
  expect(await findProgram(join(folder, 'nothing'), folder)).toBeUndefined();
  expect(await findProgram('nothing', folder)).toBeUndefined();
});
