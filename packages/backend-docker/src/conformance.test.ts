import { describeBackend } from '@bot-bottle/backend/conformance';
import { describeWith } from '@bot-bottle/test-kit';
import { ptyHost } from '../test/host.js';
import { makeTestImage, TEST_IMAGE } from '../test/image.js';
import { dockerBackend } from './docker.js';

describeWith(['docker', 'busybox'], 'on this machine’s engine', () => {
  beforeAll(makeTestImage);
  describeBackend('docker', () => dockerBackend({ image: TEST_IMAGE }), { host: ptyHost });
});
