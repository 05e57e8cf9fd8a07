// Clients of the clouds for programs (`veza-run/infra`). Described in docs/proxy-library.md.
export { CloudNS, type CloudNSOptions, type NewDnsRecord } from './cloudns.ts';
export { HCloud, type HCloudOptions, type NewLoadBalancer, Robot, type RobotOptions } from './hetzner.ts';
export { ApiError, type ApiErrorCode } from '../http/errors.ts';
export type { Zone } from '../cloudns/client.ts';
export type { RecordContent } from '../../core/cloud-requests.ts';
export type { DnsRecord } from '../cloudns/records.ts';
export type { LoadBalancer, Server, Service, Target } from '../hetzner-cloud/types.ts';
export type { RobotServer } from '../robot/client.ts';
