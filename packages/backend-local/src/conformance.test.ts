import { describeBackend } from '@bot-bottle/backend/conformance';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { localBackend } from './local.js';

describeBackend('local', () => localBackend(), { host: ptyHost });
