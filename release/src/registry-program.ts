// The registry as a process: node registry-program.ts FOLDER UPSTREAM. Prints its address, and ends with its standard input, so
// that it never outlives who started it.
import { join } from 'node:path';
import { runServer } from 'verdaccio';

const [folder = '', upstream = ''] = process.argv.slice(2);
const own = { access: '$all', publish: '$all', unpublish: '$all' };
const server = await runServer({
  // Verdaccio takes the folder of this file for the place of everything that it makes.
  configPath: join(folder, 'config.yaml'),
  storage: join(folder, 'storage'),
  web: { enable: false },
  auth: { htpasswd: { file: join(folder, 'users') } },
  uplinks: { upstream: { url: upstream, timeout: '60s', maxage: '30m' } },
  packages: {
    '@bot-bottle/*': own,
    'bot-bottle': own,
    'bot-bottle-backend-*': own,
    '**': { access: '$all', proxy: 'upstream' },
  },
  max_body_size: '50mb',
  log: { type: 'stderr', level: 'fatal' },
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().once('end', () => process.exit());
