import axios, { AxiosHeaders } from 'axios';
import { senderOf } from '../../lib/axios/adapter.ts';
import { scripted } from '../helpers/scripted.ts';

const config = () => ({ headers: new AxiosHeaders(), url: '/' });

test.each([[null], [false]])('%p in a list stands for an adapter that is left out', async (leftOut) => {
  const send = senderOf([leftOut as never, scripted(200).adapter]);
  expect((await send(config())).status).toBe(200);
});

test.each<[unknown]>([[[0, 'http']], [['', 'http']], [[undefined, 'http']], [[null, false]], [[]], ['']])(
  '%p is no adapter',
  (adapter) => {
    expect(() => senderOf(adapter as never)).toThrow(
      /^Expected `adapter` to be the name of an adapter, a function, or an array of these, got /,
    );
  },
);

test('the default is what axios has now, whatever takes its place', async () => {
  const { adapter } = axios.defaults;
  try {
    axios.defaults.adapter = scripted(201).adapter;
    const send = senderOf();
    axios.defaults.adapter = send;
    expect((await send(config())).status).toBe(201);
  } finally {
    axios.defaults.adapter = adapter as never;
  }
});
