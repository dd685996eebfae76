import { describeBackend } from '@bot-bottle/backend/conformance';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { dockerBackend } from '../src/docker.js';
import { describeHaving, withComposeV1 } from './composes.js';

describeWithEngine('on a real engine', () => {
  beforeAll(() => makeTestImage());
  describeHaving('Compose v1.29', withComposeV1(process.env), env =>
    describeBackend('docker', () => dockerBackend({ image: TEST_IMAGE, env }), { host: ptyHost }),
  );
});
