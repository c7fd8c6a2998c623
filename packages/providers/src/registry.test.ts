import { models } from '@reelay/contracts/models';
import { providerDeclarations } from '@reelay/contracts/provider-declarations';
import { createProviders } from './registry.js';

test('every declared provider exists under its id, and no other', () => {
  const providers = createProviders();
  expect([...providers.keys()]).toEqual(providerDeclarations.map(({ id }) => id));
  for (const [id, provider] of providers) expect(provider.declaration.id).toBe(id);
  for (const provider of providers.values()) {
    expect(provider.cancel !== undefined).toBe(provider.declaration.canCancel);
  }
});

test('every model has a provider that makes its kind', () => {
  const providers = createProviders();
  for (const model of models) expect(providers.get(model.provider)?.declaration.kinds).toContain(model.kind);
});
