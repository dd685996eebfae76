import { describeBackend } from '@bot-bottle/backend/conformance';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { describeHaving, withComposeV2 } from '../test/composes.js';
import { dockerBackend } from './docker.js';

describeWithEngine('on a real engine', () => {
  beforeAll(() => makeTestImage());
  describeHaving('Compose v2', withComposeV2(process.env), env =>
    describeBackend('docker', () => dockerBackend({ image: TEST_IMAGE, env }), { host: ptyHost }),
  );
});
