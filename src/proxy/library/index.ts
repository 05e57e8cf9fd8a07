// The balancer as a library (`veza-run/proxy`): its decisions without its sockets. Described in docs/proxy-library.md.
export { type Algorithm, Backend, type BackendSettings, Pool, type PoolConfig } from './pool.ts';
export { StateTracker, type Target, type TargetState } from './state-tracker.ts';
export {
  checkAll,
  type CheckResult,
  type CheckSettings,
  checkTarget,
  type CheckTarget,
  checkWithRetry,
  type RetryOptions,
} from './checks.ts';
export { type Check, HealthMonitor, type MonitorSettings } from './health-monitor.ts';
export { RateLimiter, Router, Rewriter, type RequestFacts } from './requests.ts';
export { Config } from './config.ts';
export {
  Continue,
  definePlugin,
  Modify,
  type Plugin,
  type PluginCall,
  type PluginFactory,
  type PluginRequest,
  type PluginResponse,
  type PluginTools,
  type RequestResult,
  type ResponseResult,
  Stop,
} from '../core/plugins/api.ts';
