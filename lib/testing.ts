export { seededRandom } from './testing/random.ts';
export {
  type FailureStep,
  type ResponseStep,
  type ScriptedAdapter,
  type ScriptedAdapterOptions,
  type ScriptedRequest,
  type Step,
  scriptedAdapter,
} from './testing/scripted-adapter.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './testing/virtual-clock.ts';
