import * as v from 'valibot';

// The one source: it validates a file, types it, and the build writes schema/bot-bottle.schema.json from it.

const text = (what: string) => v.pipe(v.string(), v.minLength(1, `expected ${what}, not an empty text`));

const agentName = v.pipe(
  v.string(),
  // A letter first also tells a mapping from a list, whose keys valibot takes for names.
  v.regex(/^[A-Za-z][A-Za-z0-9._-]*$/, 'expected a name: a letter, then letters, digits, ".", "_" and "-"'),
);

const variableName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable, not its value'),
);

/** Relative, and without `.` and `..`: it is looked up in the agent's home. */
const homePath = v.pipe(
  v.string(),
  v.regex(
    /^(?!\.{1,2}(\/|$))[^/\\]+(\/(?!\.{1,2}(\/|$))[^/\\]+)*$/,
    'expected a path relative to the home of the agent, without ".."',
  ),
);

const credentialSchema = v.strictObject({
  env: v.pipe(
    variableName,
    v.description('The variable of yours that holds the key; the bottle gets a placeholder.'),
  ),
  placeholders: v.optional(
    v.pipe(
      v.array(variableName),
      v.description('The variables of the bottle that hold the placeholder. Default: the same name.'),
    ),
  ),
  host: v.pipe(
    text('a host'),
    v.description('HOST or HOST:PORT: requests to it are given the key on their way out.'),
  ),
  header: v.optional(
    v.pipe(text('the name of a header'), v.description('Default: Authorization, as a bearer token.')),
  ),
  baseUrlEnv: v.optional(
    v.pipe(variableName, v.description('The variable of yours that may name another URL for the service.')),
  ),
});

const absolutePath = v.pipe(v.string(), v.regex(/^\/./, 'expected an absolute path'));

const SIZE = 'expected bytes, or a text such as 512MiB or 4GiB';

const size = v.union(
  [
    v.pipe(v.number(), v.integer(), v.minValue(1)),
    v.pipe(v.string(), v.regex(/^[1-9][0-9]*(KiB|MiB|GiB|TiB)$/, SIZE)),
  ],
  SIZE,
);

const count = v.pipe(v.number(), v.integer('expected a whole number'), v.minValue(1, 'expected at least 1'));

export const agentSchema = v.strictObject({
  extends: v.optional(
    v.pipe(
      agentName,
      v.description('Take what is not said here from this agent. Default: the known one of the same name.'),
    ),
  ),
  description: v.optional(v.pipe(v.string(), v.description('One line for `bot-bottle agents`.'))),
  command: v.optional(
    v.pipe(
      v.array(text('a program or an argument')),
      v.minLength(1, 'expected at least the program'),
      v.description(
        'Program and arguments, found on the PATH of the bottle, else on yours. No shell reads them.',
      ),
    ),
  ),
  resumeArgs: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description('Arguments behind the command when a bottle is resumed and its conversation came back.'),
    ),
  ),
  passEnv: v.optional(
    v.pipe(
      v.array(variableName),
      v.description('Variables of yours that the bottle receives. Default: none.'),
    ),
  ),
  allow: v.optional(
    v.pipe(
      v.array(text('a line of an allowlist')),
      v.description('What a new bottle may reach: HOST[:PORT] [FLAG...]. Root configuration only.'),
    ),
  ),
  credentials: v.optional(
    v.pipe(
      v.array(credentialSchema),
      v.description(
        'Keys of yours that requests are given outside of the bottle. Of several for one host, the first whose variable is set. Root configuration only.',
      ),
    ),
  ),
  setEnv: v.optional(
    v.pipe(
      v.record(variableName, v.string()),
      v.description('Variables set to a fixed value in the bottle.'),
    ),
  ),
  transcript: v.optional(
    v.pipe(
      v.array(homePath),
      v.description("Files and folders of the conversation, relative to the agent's home."),
    ),
  ),
  toolPaths: v.optional(
    v.pipe(
      v.array(absolutePath),
      v.description(
        'Folders of this machine that hold its programs, shown read-only in the bottle. Default: the one in which its command is found. Root configuration only.',
      ),
    ),
  ),
  image: v.optional(
    v.pipe(
      text('the name of an image'),
      v.description(
        'The image that its bottle runs, on a backend that runs images. Root configuration only.',
      ),
    ),
  ),
  dockerfile: v.optional(
    v.pipe(
      text('the path of a Dockerfile'),
      v.description(
        'The Dockerfile of its image, from the root folder: built, on a backend that builds images, where something of it changed. Root configuration only.',
      ),
    ),
  ),
  context: v.optional(
    v.pipe(
      text('the path of a folder'),
      v.description(
        "What COPY and ADD of that Dockerfile read, from the root folder. Default: the Dockerfile's own folder. Root configuration only.",
      ),
    ),
  ),
  backend: v.optional(
    v.pipe(
      text('the name of a backend'),
      v.description('The backend of this agent. Root configuration only.'),
    ),
  ),
});

export const limitsSchema = v.strictObject({
  memory: v.optional(v.pipe(size, v.description('Memory, in bytes or as 4GiB.'))),
  cpus: v.optional(
    v.pipe(
      v.number(),
      v.gtValue(0, 'expected more than 0'),
      v.description('Processors: 1.5 is one and a half.'),
    ),
  ),
  processes: v.optional(v.pipe(count, v.description('Processes and threads.'))),
  openFiles: v.optional(v.pipe(count, v.description('Open files of one process.'))),
  tmp: v.optional(v.pipe(size, v.description('Size of /tmp, in bytes or as 1GiB.'))),
});

export const configSchema = v.pipe(
  v.strictObject({
    agents: v.optional(
      v.pipe(
        v.record(agentName, agentSchema),
        v.description('Agents of your own, or changes to known ones.'),
      ),
    ),
    backend: v.optional(
      v.pipe(text('the name of a backend'), v.description('The backend to use. Root configuration only.')),
    ),
    backends: v.optional(
      v.pipe(
        v.record(agentName, text('a package or a path')),
        v.description(
          'Adapters by name: a package, or a path that starts with "." or "/", found from the root folder. Root configuration only.',
        ),
      ),
    ),
    limits: v.optional(
      v.pipe(limitsSchema, v.description('What a bottle may use at most. Root configuration only.')),
    ),
    detachKeys: v.optional(
      v.pipe(text('keys such as ctrl-p,ctrl-q'), v.description('Keys that detach. Root configuration only.')),
    ),
    projectEnv: v.optional(
      v.pipe(
        v.array(variableName),
        v.description("Variables that a project's own agents may receive. Root configuration only."),
      ),
    ),
  }),
  v.title('bot-bottle.yaml'),
  v.description('Configuration of bot-bottle, in the root folder or in a project.'),
);

export type ConfigFile = v.InferOutput<typeof configSchema>;
export type LimitsEntry = v.InferOutput<typeof limitsSchema>;
