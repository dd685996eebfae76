import { Agent, get, type IncomingMessage } from 'node:http';

/** An engine kept its asker waiting in vain. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Asks Docker's engine at a socket, by the newest version of the API that it has (docs.docker.com/reference/api/engine). Null: no whole
 * answer of status 200 came, or not from Docker; what that means the client tells, when it is asked the same.
 * @throws NoAnswer after `timeoutMs`
 */
export async function askApi(socketPath: string, path: string, timeoutMs: number): Promise<unknown> {
  // Both questions by one connection, which ends with them.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const signal = AbortSignal.timeout(timeoutMs);
  const ask = async (question: string) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { socketPath, agent, signal, headers: { 'User-Agent': 'bot-bottle' } };
      get({ ...options, path: question }, resolve).on('error', reject);
    });
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    return { status: response.statusCode, headers: response.headers, body };
  };
  try {
    const { headers } = await ask('/_ping');
    const version = headers['api-version'];
    if (!`${headers['server']}`.startsWith('Docker/') || version === undefined) return null;
    const { status, body } = await ask(`/v${version}${path}`);
    return status === 200 ? JSON.parse(body) : null;
  } catch {
    if (signal.aborted) throw new NoAnswer();
    return null;
  } finally {
    agent.destroy();
  }
}
