import { describeBackend } from '@bot-bottle/backend/conformance';
import { makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { dockerBackend } from '../src/docker.js';
import { describeHaving } from './composes.js';
import { preparePodman } from './podman.js';

describeHaving('Podman, its Docker-compatible command and Compose v2', preparePodman(), podman => {
  beforeAll(async () => {
    await podman.start();
    makeTestImage(podman.env);
  });
  afterAll(() => podman.stop());
  describeBackend('docker', () => dockerBackend({ image: TEST_IMAGE, env: podman.env }), { host: ptyHost });
});
