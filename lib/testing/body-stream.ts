import type { Flavour } from './lifelike-errors.ts';

interface NodeStreams {
  readonly Readable: { from(chunks: AsyncIterable<unknown>, options: { objectMode: boolean }): unknown };
}

/**
 * A body as the adapter gives it for `responseType: 'stream'`: a stream of Node for `http`, a web stream for `fetch`.
 *
 * @param error what the stream fails with at its end
 */
export function streamOf(data: unknown, flavour: Flavour, error?: Error): unknown {
  const chunk = bytesOf(data);
  return flavour === 'http' ? nodeStreamOf(chunk, error) : webStreamOf(chunk, error);
}

const bytesOf = (data: unknown): ArrayBufferView =>
  ArrayBuffer.isView(data) ? data : new TextEncoder().encode(String(data));

async function* chunksOf(chunk: ArrayBufferView, error: Error | undefined): AsyncGenerator<unknown> {
  if (chunk.byteLength > 0) yield chunk;
  if (error) throw error;
}

function nodeStreamOf(chunk: ArrayBufferView, error: Error | undefined): unknown {
  // No import: a bundler for browsers, where nobody asks for the http adapter, would not find the module.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): NodeStreams } };
  const streams = process?.getBuiltinModule?.('node:stream');
  if (streams) return streams.Readable.from(chunksOf(chunk, error), { objectMode: false });
  throw new Error(
    "`responseType: 'stream'` needs Node 20.16, or the option `flavour: 'fetch'` of scriptedAdapter",
  );
}

const webStreamOf = (chunk: ArrayBufferView, error: Error | undefined): unknown =>
  new ReadableStream({
    start(controller) {
      if (chunk.byteLength > 0) controller.enqueue(chunk);
      if (error) controller.error(error);
      else controller.close();
    },
  });
