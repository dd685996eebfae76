import { describeBackend } from '@bot-bottle/backend/conformance';
import { ptyHost } from '../test/host.js';
import { localBackend } from './local.js';

describeBackend('local', () => localBackend(), { host: ptyHost });
