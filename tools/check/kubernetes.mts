// The manifests without a cluster: every resource of the kustomization is validated for types and required fields, then walked
// for fields Kubernetes does not know, which the validators let pass. With kubectl on PATH the rendered output is checked, too.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as kubernetes from '@kubernetes/client-node';
import * as apps from 'kubernetes-models/apps/v1';
import * as batch from 'kubernetes-models/batch/v1';
import * as core from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';

type Manifest = { apiVersion: string; kind: string; metadata: { name: string } } & Record<string, unknown>;
interface AttributeMap {
  getAttributeTypeMap?: () => { baseName: string; type: string }[];
}

type ModelClass = new (data: unknown) => { validate(): void };

const groups: Record<string, object> = { v1: core, 'apps/v1': apps, 'batch/v1': batch };

export function checkKubernetes(root: string): string[] {
  const base = path.join(root, 'k8s/base');
  const { resources } = parse(readFileSync(path.join(base, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const files = resources.flatMap((file) => parseAll(readFileSync(path.join(base, file), 'utf8')));
  return [...files, ...renderWithKubectl(base)].flatMap((manifest) => [
    ...invalidFields(manifest),
    ...unknownFields(manifest),
  ]);
}

function parseAll(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest): manifest is Manifest => manifest !== null);
}

function renderWithKubectl(base: string): Manifest[] {
  const result = spawnSync('kubectl', ['kustomize', base], { encoding: 'utf8' });
  if (result.error) {
    if (process.env.CI) throw new Error('kubectl is not installed, so the kustomization was not rendered');
    return [];
  }
  if (result.status !== 0) throw new Error(`kubectl kustomize failed: ${result.stderr}`);
  return parseAll(result.stdout);
}

function modelName(manifest: Manifest): string {
  const version = manifest.apiVersion.split('/').pop() ?? '';
  return `${version.charAt(0).toUpperCase()}${version.slice(1)}${manifest.kind}`;
}

function invalidFields(manifest: Manifest): string[] {
  const Model = (groups[manifest.apiVersion] as Record<string, ModelClass | undefined> | undefined)?.[manifest.kind];
  if (!Model)
    return [`k8s: ${manifest.apiVersion} ${manifest.kind} is not checked; add its group to tools/check/kubernetes.mts`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [
      `k8s: ${manifest.kind} ${manifest.metadata.name}: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}

function unknownFields(manifest: Manifest): string[] {
  const problems: string[] = [];
  walk(manifest, modelName(manifest), `k8s: ${manifest.kind} ${manifest.metadata.name}`, problems);
  return problems;
}

function walk(value: unknown, type: string, place: string, problems: string[]): void {
  const array = /^Array<(.+)>$/.exec(type)?.[1];
  if (array !== undefined) {
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, array, `${place}[${index}]`, problems);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    for (const [key, item] of Object.entries(value)) walk(item, map, `${place}.${key}`, problems);
    return;
  }
  const attributes = (kubernetes as unknown as Record<string, AttributeMap | undefined>)[type]?.getAttributeTypeMap?.();
  if (!attributes) return;
  const types = new Map(attributes.map(({ baseName, type: fieldType }) => [baseName, fieldType]));
  for (const [key, item] of Object.entries(value)) {
    const fieldType = types.get(key);
    if (fieldType === undefined) problems.push(`${place}.${key} is not a field of ${type}`);
    else walk(item, fieldType, `${place}.${key}`, problems);
  }
}
