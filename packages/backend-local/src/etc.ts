/** The user that the agent is inside, whoever the operator is: some agents refuse to run as root. */
export const AGENT = { name: 'agent', uid: 1000, gid: 1000 } as const;

/** Files of /etc that are made for the bottle: one user, one host, no name server. */
export function etcFiles(identity: string, home: string, shell: string): Readonly<Record<string, string>> {
  const { name, uid, gid } = AGENT;
  return {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\n${name}:x:${uid}:${gid}:agent:${home}:${shell}\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n`,
    group: `root:x:0:\ntty:x:5:\n${name}:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${identity}\n::1 localhost ip6-localhost\n`,
    hostname: `${identity}\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n',
    'resolv.conf': '',
  };
}
