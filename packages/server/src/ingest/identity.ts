/** Who a process is, by what it says of itself. Keys have underscores where OpenTelemetry has dots. */
import type { ProcessIdentity } from './report.ts';

type Labels = ReadonlyMap<string, string>;

/** By the attributes of an OpenTelemetry resource (semantic conventions 1.4x, and older names). */
export function identityOfResource(labels: Labels): ProcessIdentity {
  const first = firstOf(labels);
  const [host, pid] = [first('host_name'), first('process_pid')];
  const runtime = [first('process_runtime_name'), first('process_runtime_version')].filter((text) => text !== '');
  return {
    service: first('service_name') || 'unknown_service',
    namespace: first('service_namespace'),
    environment: first('deployment_environment_name', 'deployment_environment'),
    version: first('service_version'),
    // The SDKs set no instance by themselves: then the process's place stands for it.
    instance:
      first('service_instance_id', 'k8s_pod_uid', 'k8s_pod_name', 'container_id') ||
      [host, pid].filter((text) => text !== '').join(':'),
    revision: first('vcs_ref_head_revision') || null,
    host: host || null,
    pid: /^\d{1,9}$/.test(pid) ? Number(pid) : null,
    runtime: runtime.join(' ') || null,
  };
}

function firstOf(labels: Labels): (...names: string[]) => string {
  return (...names) => {
    for (const name of names) {
      const text = labels.get(name)?.trim() ?? '';
      if (text !== '') return text;
    }
    return '';
  };
}
