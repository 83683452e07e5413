import { describe, expect, it } from 'vitest';
import { type IdentitySources, identify } from './resource.ts';

const commit = 'c'.repeat(40);

const sources = (env: IdentitySources['env'], files: Record<string, string> = {}): IdentitySources => ({
  env,
  script: '/app/dist/server.js',
  cwd: '/app',
  hostName: 'web-7d9f',
  pid: 7,
  nodeVersion: '24.1.0',
  executable: '/usr/bin/node',
  threadId: 0,
  instanceId: 'a-uuid',
  read: (file) => files[file] ?? null,
});

const files = {
  '/app/dist/package.json': '{"type":"module"}',
  '/app/package.json': '{"name":"@acme/shop","version":"1.4.2"}',
  '/app/.git/HEAD': commit,
};

describe('identify', () => {
  it('takes name, version and commit from the files around the program', () => {
    expect(identify(sources({}, files))).toEqual({
      'telemetry.sdk.name': 'ebb',
      'telemetry.sdk.language': 'nodejs',
      'service.name': '@acme/shop',
      'service.version': '1.4.2',
      'service.instance.id': 'a-uuid',
      'vcs.ref.head.revision': commit,
      'host.name': 'web-7d9f',
      'process.pid': 7,
      'process.executable.path': '/usr/bin/node',
      'process.runtime.name': 'nodejs',
      'process.runtime.version': '24.1.0',
    });
  });

  it('lets what is told win over what is found', () => {
    const env = {
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,service.version=2.0,service.instance.id=me,team=a%20b',
    };
    expect(identify(sources(env, files))).toMatchObject({
      'service.name': 'shop',
      'service.version': '2.0',
      'service.instance.id': 'me',
      team: 'a b',
    });
  });

  it('discards attributes that cannot be decoded, as the specification asks', () => {
    expect(identify(sources({ OTEL_RESOURCE_ATTRIBUTES: 'a=%zz,service.version=9' }, files))).toMatchObject({
      'service.version': '1.4.2',
    });
  });

  it('knows a pod by its variables, and by its host name without them', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'prod', HOSTNAME: 'web-7d9f-x2' };
    expect(identify(sources(env))).toMatchObject({
      'k8s.pod.name': 'web-7d9f-x2',
      'k8s.namespace.name': 'prod',
      'service.namespace': 'prod',
    });
    expect(identify(sources({ ...env, POD_NAME: 'told' }))).toMatchObject({ 'k8s.pod.name': 'told' });
    expect(identify(sources({ POD_NAME: 'told' }))).not.toHaveProperty('k8s.pod.name');
  });

  it("takes the commit from the platform's variable where there is no repository", () => {
    expect(identify(sources({ RENDER_GIT_COMMIT: commit }))).toMatchObject({ 'vcs.ref.head.revision': commit });
    expect(identify(sources({ GIT_COMMIT: 'not a commit' }))).not.toHaveProperty('vcs.ref.head.revision');
  });

  it('gives each worker thread an instance of its own', () => {
    expect(identify({ ...sources({}), threadId: 3 })).toMatchObject({
      'service.instance.id': 'a-uuid/3',
      'thread.id': 3,
    });
  });

  it('is not named by a package within node_modules, nor by garbage', () => {
    const started = { ...sources({}, files), script: '/app/node_modules/.bin/serve', cwd: '/' };
    expect(identify(started)).toMatchObject({ 'service.name': '@acme/shop' });
    expect(identify(sources({}, { '/app/package.json': '{"name":' }))).toMatchObject({
      'service.name': 'unknown_service:node',
    });
  });
});
