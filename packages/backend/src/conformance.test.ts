import { describeBackend, MemoryStore, memoryBackend, memoryPrograms } from './conformance.js';

const store = new MemoryStore();
const noTerminal = () => ({
  openTerminal(): never {
    throw new Error('the memory backend needs no terminal of the host');
  },
});

describeBackend('memory', () => memoryBackend(store), { host: noTerminal, programs: memoryPrograms });
