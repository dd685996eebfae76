import { stringify } from 'yaml';
import {
  type Credential,
  commandProblem,
  envProblem,
  fileProblem,
  headerProblem,
  NEVER_BY_VALUE,
  VALUE_KEYS,
} from './credential.js';
import { LiveConfigError } from './errors.js';
import { parsePathPattern } from './path-pattern.js';
import { checkPattern, formatPattern, type HostPattern, parsePattern } from './pattern.js';
import { type YamlNode, YamlReader } from './yaml-reader.js';

/**
 * A rule for a host that the allowlist allows (a route alone allows nothing). A request to a host that any route names must
 * fit at least one of them; the first in the file's order that fits decides, and its credential is injected.
 */
export interface Route extends HostPattern {
  /** HTTP methods in upper case; undefined: all; empty: none. */
  readonly methods?: readonly string[];
  /**
   * Path patterns; undefined: all; empty: none. `/v1/models` is that path alone; a segment `*` is any one segment; `**` as the
   * last segment is any number of segments, none included. Case counts. The query does not take part.
   */
  readonly paths?: readonly string[];
  /** Undefined: nothing is injected. Only where `host` is exact: a pattern could send it to a host that nobody thought of. */
  readonly credential?: Credential;
}

/** 256 KiB: some 2,000 routes. */
export const MAX_ROUTES_BYTES = 1 << 18;
const METHOD = /^[A-Z][A-Z0-9-]{0,31}$/;

/**
 * Reads routes (YAML 1.2, core schema, without tags, anchors and aliases): a map with the one key `routes`.
 * A text without content gives `[]`: no host is narrowed, none is given a credential.
 * @throws LiveConfigError `bad-routes` with every problem of the text.
 */
export function parseRoutes(text: string, options: { source?: string } = {}): Route[] {
  if (Buffer.byteLength(text) > MAX_ROUTES_BYTES) {
    const message = `is larger than ${MAX_ROUTES_BYTES} bytes`;
    throw new LiveConfigError('bad-routes', [{ line: 1, column: 1, message }], options);
  }
  const yaml = new YamlReader(text);
  const routes: Route[] = [];
  if (yaml.root !== null) {
    yaml.map(yaml.root, 'the file', {
      routes: node => {
        for (const item of yaml.list(node, 'routes') ?? []) {
          const route = readRoute(yaml, item);
          if (route) routes.push(route);
        }
      },
    });
  }
  if (yaml.problems.length > 0) throw new LiveConfigError('bad-routes', yaml.problems, options);
  return routes;
}

/**
 * The stable text of routes, which parseRoutes reads back as they were.
 * @throws LiveConfigError `bad-routes`, with the line and column that the problem would have had.
 */
export function formatRoutes(routes: readonly Route[]): string {
  return render(parseRoutes(render(routes)));
}

function render(routes: readonly Route[]): string {
  const plain = routes.map(({ host, port, methods, paths, credential }) => ({
    host: formatPattern(checked(port === undefined ? { host } : { host, port })),
    methods,
    paths,
    credential,
  }));
  return stringify({ routes: plain }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function checked(pattern: HostPattern): HostPattern {
  try {
    return checkPattern(pattern);
  } catch (error) {
    throw error instanceof LiveConfigError
      ? new LiveConfigError('bad-routes', error.message, { cause: error })
      : error;
  }
}

function readRoute(yaml: YamlReader, node: YamlNode): Route | undefined {
  let pattern: HostPattern | undefined;
  let hostSeen = false;
  let rest: Omit<Route, 'host' | 'port'> = {};
  const before = yaml.problems.length;
  yaml.map(node, 'a route', {
    host: value => {
      hostSeen = true;
      pattern = said(yaml, value, yaml.string(value, 'host'), parsePattern);
    },
    methods: value => {
      const methods = strings(yaml, value, 'methods', readMethod);
      if (methods) rest = { ...rest, methods };
    },
    paths: value => {
      const paths = strings(yaml, value, 'paths', text => parsePathPattern(text) && text);
      if (paths) rest = { ...rest, paths };
    },
    credential: value => {
      const credential = readCredential(yaml, value);
      if (credential) rest = { ...rest, credential };
    },
  });
  if (!hostSeen && yaml.problems.length === before) return yaml.fail(node, 'a route needs a host');
  if (!pattern) return undefined;
  if (rest.credential && pattern.host.startsWith('*')) {
    return yaml.fail(node, `a credential needs an exact host, and ${pattern.host} is a pattern`);
  }
  return { ...pattern, ...rest };
}

function readCredential(yaml: YamlReader, node: YamlNode): Credential | undefined {
  const sources: Credential[] = [];
  let header: string | undefined;
  const checkedString = (value: YamlNode, what: string, problem: (text: string) => string | undefined) => {
    const text = yaml.string(value, what);
    const wrong = text === undefined ? undefined : problem(text);
    return wrong === undefined ? text : yaml.fail(value, wrong);
  };
  const before = yaml.problems.length;
  yaml.map(
    node,
    'credential',
    {
      env: value => {
        const env = checkedString(value, 'env', envProblem);
        if (env !== undefined) sources.push({ env });
      },
      file: value => {
        const file = checkedString(value, 'file', fileProblem);
        if (file !== undefined) sources.push({ file });
      },
      command: value => {
        const command = strings(yaml, value, 'command', text => text);
        const wrong = command && commandProblem(command);
        if (wrong !== undefined) yaml.fail(value, wrong);
        else if (command) sources.push({ command });
      },
      header: value => {
        header = checkedString(value, 'header', text => headerProblem(text.toLowerCase()))?.toLowerCase();
      },
    },
    key => (VALUE_KEYS.includes(key.toLowerCase()) ? NEVER_BY_VALUE : undefined),
  );
  if (yaml.problems.length > before) return undefined;
  const [source, another] = sources;
  if (!source || another) return yaml.fail(node, 'a credential needs exactly one of env, file and command');
  return header === undefined ? source : { ...source, header };
}

function strings(yaml: YamlReader, node: YamlNode, what: string, check: (text: string) => string) {
  const items = yaml.list(node, what);
  const texts = items?.map(item => said(yaml, item, yaml.string(item, `each of ${what}`), check));
  return texts?.every(text => text !== undefined) ? (texts as string[]) : undefined;
}

/** The checked value, or a problem at its place. */
function said<T>(yaml: YamlReader, node: YamlNode, text: string | undefined, check: (text: string) => T) {
  if (text === undefined) return undefined;
  try {
    return check(text);
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    return yaml.fail(node, error.message);
  }
}

function readMethod(text: string): string {
  const method = text.toUpperCase();
  if (!METHOD.test(method)) throw new LiveConfigError('bad-routes', 'a method is a word like GET');
  return method;
}
