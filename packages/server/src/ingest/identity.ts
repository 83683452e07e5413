/** Who a process is, by what the protocols say of it. Keys have underscores where OpenTelemetry has dots. */
import type { ProcessIdentity } from './report.ts';

type Labels = ReadonlyMap<string, string>;

/** What a service is called of which nobody tells the name. */
export const unknownService = 'unknown_service';

/** The text as a database keeps it: PostgreSQL takes no NUL, and would refuse all that came with it; half a character is none. */
export function storable(text: string): string {
  return text.replace(/\0/g, '').replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Exporters that tell of others: their own job, service and instance are not those of the container they speak of. */
const tellsOfOthers = /^(?:.*[-/_])?(?:kube-state-metrics|kubelet|cadvisor)$/;

/** By the attributes of an OpenTelemetry resource (semantic conventions 1.4x, and older names). */
export function identityOfResource(labels: Labels): ProcessIdentity {
  const first = firstOf(labels);
  const [host, pid] = [first('host_name'), first('process_pid')];
  const runtime = [first('process_runtime_name'), first('process_runtime_version')].filter((text) => text !== '');
  return {
    service: first('service_name') || unknownService,
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

/** By the labels of a Prometheus series, as scrape configurations and kube-state-metrics commonly set them. */
export function identityOfSeries(labels: Labels): ProcessIdentity {
  const first = firstOf(tellsOfOthers.test(labels.get('job') ?? '') ? withoutExporter(labels) : labels);
  return {
    service: first('service_name', 'app_kubernetes_io_name', 'app', 'service', 'container', 'job') || unknownService,
    namespace: first('service_namespace', 'namespace'),
    environment: first('deployment_environment_name', 'environment', 'env'),
    version: first('service_version', 'app_kubernetes_io_version', 'version'),
    instance: first('service_instance_id', 'pod', 'instance') + threadOf(labels),
    revision: first('vcs_ref_head_revision') || null,
    host: first('host_name', 'node') || null,
    pid: null,
    runtime: null,
  };
}

function withoutExporter(labels: Labels): Labels {
  return new Map([...labels].filter(([name]) => name !== 'job' && name !== 'service' && name !== 'instance'));
}

/** Ebb's agent serves its worker threads on one page. */
function threadOf(labels: Labels): string {
  const thread = labels.get('thread_id') ?? '';
  return thread === '' || thread === '0' ? '' : `/${thread}`;
}

function firstOf(labels: Labels): (...names: string[]) => string {
  return (...names) => {
    for (const name of names) {
      const text = storable(labels.get(name) ?? '').trim();
      if (text !== '') return text;
    }
    return '';
  };
}
