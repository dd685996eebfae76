import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { askApi, NoAnswer } from './engine-api.js';

const socket = join(temporaryFolder(), 'engine.sock');
const PING = { Server: 'Docker/28.0.0 (linux)', 'Api-Version': '1.48' };

/** What is made of an engine's answer, and what the engine was asked. */
async function answered(listener: RequestListener, ping: Record<string, string> = PING) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/_ping') response.writeHead(200, ping).end('OK');
    else listener(request, response);
  });
  await once(server.listen(socket), 'listening');
  try {
    return { answer: await askApi(socket, '/info', 60_000), asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const body = (text: string, status = 200) =>
  ((_request, response) => void response.writeHead(status).end(text)) as RequestListener;

describe("the engine's API", () => {
  it('is asked by its own newest version, by GET alone', async () => {
    expect(await answered(body('{"a":1}'))).toEqual({
      answer: { a: 1 },
      asked: ['GET /_ping', 'GET /v1.48/info'],
    });
  });

  it("is not asked of another engine than Docker's, nor without a version", async () => {
    const podman = { Server: 'Libpod/4.3.1 (linux)', 'Api-Version': '1.41' };
    for (const ping of [podman, { 'Api-Version': '1.41' }, { Server: 'Docker/28.0.0 (linux)' }])
      expect(await answered(body('{"a":1}'), ping)).toEqual({ answer: null, asked: ['GET /_ping'] });
  });

  it.each<[string, RequestListener]>([
    ['a refusal', body('{"message":"No such container: x"}', 404)],
    ['a fault', body('{}', 500)],
    ['no JSON', body('{"a":')],
    [
      'half an answer',
      (_request, response) =>
        response.writeHead(200, { 'Content-Length': 9 }).write('{}', () => response.destroy()),
    ],
    [
      'half an answer in chunks',
      (_request, response) => response.writeHead(200).write('{}', () => response.destroy()),
    ],
    ['the end of the connection', (_request, response) => response.destroy()],
  ])('has said nothing by %s', async (_name, listener) => {
    expect((await answered(listener)).answer).toBeNull();
  });

  it('has said nothing where nobody listens', async () => {
    expect(await askApi(join(temporaryFolder(), 'nobody.sock'), '/info', 60_000)).toBeNull();
  });

  it.each<[string, RequestListener]>([
    ['does not answer', () => {}],
    ['stops in its answer', (_request, response) => void response.write('{')],
  ])('is not waited for where it %s', async (_name, listener) => {
    const server = createServer((request, response) => {
      if (request.url === '/_ping') response.writeHead(200, PING).end('OK');
      else listener(request, response);
    });
    await once(server.listen(socket), 'listening');
    try {
      await expect(askApi(socket, '/info', 200)).rejects.toBeInstanceOf(NoAnswer);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
