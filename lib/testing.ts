export { seededRandom } from './testing/random.ts';
export {
  type ScriptedAdapter,
  type ScriptedAdapterOptions,
  type ScriptedRequest,
  scriptedAdapter,
} from './testing/scripted-adapter.ts';
export type { FailureStep, ResponseStep, Step } from './testing/step.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './testing/virtual-clock.ts';
