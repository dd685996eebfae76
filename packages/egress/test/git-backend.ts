import { spawn } from 'node:child_process';
import type { Handler } from './origin.js';

/** Serves the repositories of a folder by git's own CGI program (git-http-backend(1)): the protocol that hosts of git speak. */
export function gitBackend(folder: string, prefix: string): Handler {
  return (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'https://origin.invalid');
    const { headers, method } = request;
    const length = headers['content-length'];
    const program = spawn('git', ['http-backend'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
        REMOTE_USER: 'somebody', // else it takes no push
        REQUEST_METHOD: method,
        PATH_INFO: pathname.slice(prefix.length),
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: headers['content-type'],
        HTTP_CONTENT_ENCODING: headers['content-encoding'],
        ...(length !== undefined && { CONTENT_LENGTH: length }),
      },
    });
    request.pipe(program.stdin).on('error', () => {}); // it may have read enough
    let said = Buffer.alloc(0);
    program.stdout.on('data', (chunk: Buffer) => {
      if (response.headersSent) return void response.write(chunk);
      said = Buffer.concat([said, chunk]);
      const end = said.indexOf('\r\n\r\n');
      if (end === -1) return;
      for (const line of said.toString('latin1', 0, end).split('\r\n')) {
        const [name = '', value = ''] = line.split(': ', 2);
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.write(said.subarray(end + 4));
    });
    program.stdout.on('end', () => response.end());
  };
}
