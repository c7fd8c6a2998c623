import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { textRequest } from './__fixtures__/contexts.js';
import {
  characterRequest,
  characterVideoRequest,
  enhanceRequest,
  extensionRequest,
  imageRequest,
  ownRemixRequest,
  remixRequest,
  storyboardRequest,
} from './__fixtures__/requests.js';
import { SoraProvider } from './sora-provider.js';

const provider = new SoraProvider();

test.each<[string, GenerationRequest, string[]]>([
  ['image', imageRequest, ['create elimination']],
  ['video', textRequest, ['create elimination']],
  ['storyboard', storyboardRequest, ['create elimination']],
  ['extension', extensionRequest, ['create elimination']],
  ['remix of a share', remixRequest, ['create elimination']],
  ['remix of a draft', ownRemixRequest, ['publish none', 'create elimination']],
  ['character', characterRequest, ['upload repeat', 'finalize lookup']],
  ['character_video', characterVideoRequest, ['upload repeat', 'finalize lookup', 'create elimination']],
  ['enhance', enhanceRequest, ['enhance repeat']],
])('a workflow has its steps and no more: %s', (_name, request, steps) => {
  const planned = steps.map((_, index) => provider.plan(request, index + 1));
  expect(planned.map(({ name, reconcile }) => `${name} ${reconcile}`)).toEqual(steps);
  expect(() => provider.plan(request, steps.length + 1)).toThrow('has no step');
});

test('nothing upstream can be cancelled, so a task is heard to its end whatever became of its generation (fault 21)', () => {
  expect(provider.declaration.canCancel).toBe(false);
  expect(provider).not.toHaveProperty('cancel');
});
