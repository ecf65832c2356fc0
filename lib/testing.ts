export {
  type FailureStep,
  type ResponseStep,
  type ScriptedAdapter,
  type ScriptedAdapterOptions,
  type ScriptedRequest,
  type Step,
  scriptedAdapter,
} from './axios/scripted-adapter.ts';
export { seededRandom } from './testing/random.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './testing/virtual-clock.ts';
