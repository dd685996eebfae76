import { describeBackend } from '@bot-bottle/backend/conformance';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { dockerBackend } from './docker.js';

describeWithEngine('on a real engine', () => {
  beforeAll(makeTestImage);
  describeBackend('docker', () => dockerBackend({ image: TEST_IMAGE }), { host: ptyHost });
});
