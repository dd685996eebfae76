import { describeBackend, type MemoryStore, memoryBackend, memoryPrograms } from './conformance.js';

const store: MemoryStore = new Map();
const noTerminal = () => ({
  openTerminal(): never {
    throw new Error('the memory backend needs no terminal of the host');
  },
});

describeBackend('memory', () => memoryBackend(store), { host: noTerminal, programs: memoryPrograms });
