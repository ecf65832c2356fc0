import { applyVerdict } from '../../../lib/core/verdict.ts';

test.each([
  [true, { worthIt: true, failure: 'permanent' }],
  [false, { worthIt: false, failure: 'permanent' }],
  ['refused', { worthIt: true, failure: 'refused' }],
] as const)('%p stands in place of the default rule', (verdict, judgement) => {
  expect(applyVerdict(verdict, { worthIt: true, failure: 'permanent' })).toEqual(judgement);
  expect(applyVerdict(verdict, { worthIt: false, failure: 'permanent' })).toEqual(judgement);
});

test('without an opinion the default rule counts', () => {
  for (const worthIt of [true, false]) {
    const byDefault = { worthIt, failure: 'ambiguous' } as const;
    expect(applyVerdict(undefined, byDefault)).toEqual(byDefault);
  }
});
