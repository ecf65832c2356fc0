import { stage } from '../../helpers/stage.ts';

test.each([[5], [{}], [Promise.resolve(true)]])(
  'a stop condition that answers %p is refused',
  async (answer) => {
    const { value } = await stage([503], { stop: () => answer as never }).send();
    expect(value).toBeInstanceOf(TypeError);
    expect((value as Error).message).toMatch(
      /^Expected the result of `stop` to be a boolean or a string, got /,
    );
  },
);

test('a stop condition that answers true ends the request', async () => {
  expect((await stage([503], { stop: () => true }).send()).report?.reason).toBe('stop-condition');
});
