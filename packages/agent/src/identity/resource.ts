/**
 * Who this process is, as the attributes of an OpenTelemetry resource (semantic conventions 1.4x). What is said in
 * `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` wins over what is found.
 */
import { dirname } from 'node:path';
import { containerId } from './container-id.ts';
import { gitRevision } from './git-revision.ts';
import { nearestManifest } from './package-manifest.ts';
import type { ReadText } from './read-text.ts';
import { parsePairs } from './resource-attributes.ts';

/** Attributes by name; values are strings, but for numbers that the conventions want as such. */
export type ResourceAttributes = Record<string, string | number>;

/** What the identity is made of; passed in, so that tests need no other machine. */
export interface IdentitySources {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the script that was started; undefined for `node -e` and the like. */
  script: string | undefined;
  cwd: string;
  hostName: string;
  pid: number;
  nodeVersion: string;
  /** `process.execPath`. */
  executable: string;
  /** 0 for the main thread. */
  threadId: number;
  /** New for each process: tells two runs, and the workers of a cluster, apart. */
  instanceId: string;
  read: ReadText;
}

/**
 * Where build and hosting platforms say which commit runs: Heroku (with its dyno metadata), Render, Vercel, Railway,
 * GitHub Actions, GitLab CI, and the two names that images are commonly built with.
 */
const revisionVariables = [
  'HEROKU_BUILD_COMMIT',
  'HEROKU_SLUG_COMMIT',
  'RENDER_GIT_COMMIT',
  'VERCEL_GIT_COMMIT_SHA',
  'RAILWAY_GIT_COMMIT_SHA',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'GIT_COMMIT',
  'SOURCE_VERSION',
];

/** Downward-API variables, by the names that the OpenTelemetry operator and common charts give them. */
const kubernetesVariables: readonly [attribute: string, variables: readonly string[]][] = [
  ['k8s.pod.name', ['OTEL_RESOURCE_ATTRIBUTES_POD_NAME', 'K8S_POD_NAME', 'POD_NAME']],
  ['k8s.pod.uid', ['OTEL_RESOURCE_ATTRIBUTES_POD_UID', 'K8S_POD_UID', 'POD_UID']],
  [
    'k8s.namespace.name',
    ['OTEL_RESOURCE_ATTRIBUTES_POD_NAMESPACE', 'K8S_NAMESPACE_NAME', 'POD_NAMESPACE', 'NAMESPACE'],
  ],
  ['k8s.node.name', ['OTEL_RESOURCE_ATTRIBUTES_NODE_NAME', 'K8S_NODE_NAME', 'NODE_NAME']],
  ['k8s.container.name', ['OTEL_RESOURCE_ATTRIBUTES_CONTAINER_NAME', 'K8S_CONTAINER_NAME', 'CONTAINER_NAME']],
  ['k8s.deployment.name', ['OTEL_RESOURCE_ATTRIBUTES_DEPLOYMENT_NAME', 'K8S_DEPLOYMENT_NAME', 'DEPLOYMENT_NAME']],
];

/** Reads a handful of small files; some milliseconds. Never throws as long as `read` doesn't. */
export function identify(sources: IdentitySources): ResourceAttributes {
  const { env, script, cwd, read, threadId } = sources;
  const told = parsePairs(env['OTEL_RESOURCE_ATTRIBUTES']) ?? new Map<string, string>();
  const directory = script === undefined ? cwd : dirname(script);
  const manifest = nearestManifest(directory, read) ?? nearestManifest(cwd, read);
  const attributes: ResourceAttributes = {
    'telemetry.sdk.name': 'ebb',
    'telemetry.sdk.language': 'nodejs',
    'service.name': manifest?.name ?? 'unknown_service:node',
    'host.name': sources.hostName,
    'process.pid': sources.pid,
    'process.executable.path': sources.executable,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': sources.nodeVersion,
  };
  if (manifest?.version != null) attributes['service.version'] = manifest.version;
  Object.assign(attributes, revisionOf(sources, manifest?.directory ?? directory), kubernetes(env, sources.hostName));
  const container = containerId(read);
  if (container !== undefined) attributes['container.id'] = container;
  Object.assign(attributes, Object.fromEntries(told));
  const serviceName = env['OTEL_SERVICE_NAME']?.trim() ?? '';
  if (serviceName !== '') attributes['service.name'] = serviceName;
  // Two threads must not write to one stream: each has an instance of its own.
  const instance = told.get('service.instance.id') ?? sources.instanceId;
  attributes['service.instance.id'] = threadId === 0 ? instance : `${instance}/${threadId}`;
  if (threadId !== 0) attributes['thread.id'] = threadId;
  return attributes;
}

function revisionOf({ env, read }: IdentitySources, directory: string): ResourceAttributes {
  for (const name of revisionVariables) {
    const value = env[name]?.trim() ?? '';
    if (/^[0-9a-f]{7,64}$/i.test(value)) return { 'vcs.ref.head.revision': value };
  }
  const git = gitRevision(directory, read);
  if (git === undefined) return {};
  return {
    'vcs.ref.head.revision': git.revision,
    ...(git.branch === null ? {} : { 'vcs.ref.head.name': git.branch, 'vcs.ref.type': 'branch' }),
  };
}

function kubernetes(env: IdentitySources['env'], hostName: string): ResourceAttributes {
  if ((env['KUBERNETES_SERVICE_HOST'] ?? '') === '') return {};
  const attributes: ResourceAttributes = {};
  for (const [attribute, variables] of kubernetesVariables) {
    const value = variables.map((name) => env[name]?.trim() ?? '').find((text) => text !== '');
    if (value !== undefined) attributes[attribute] = value;
  }
  // A pod's host name is its own name, unless `hostNetwork` or `hostname` is set.
  attributes['k8s.pod.name'] ??= env['HOSTNAME'] ?? hostName;
  const namespace = attributes['k8s.namespace.name'];
  if (namespace !== undefined) attributes['service.namespace'] = namespace;
  return attributes;
}
