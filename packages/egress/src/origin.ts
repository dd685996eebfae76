import type { LookupAddress } from 'node:dns';
/** To be filled in. */
export interface Origins {
  resolve(host: string): Promise<LookupAddress[]>;
}
