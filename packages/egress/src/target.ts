/** Where a connection is to go. */
export interface Target {
  /** Canonical (normaliseHost of live-config): a name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where a request is to go, and how. */
export interface HttpTarget extends Target {
  /** `https`: the proxy ended the client's TLS, and speaks TLS of its own to the origin. */
  readonly scheme: 'http' | 'https';
}
