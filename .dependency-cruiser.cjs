// The house's layers: what each package may import. `pnpm layers` (part of every build) fails on any other arrow.
const layers = {
  identity: [],
  'durable-fs': [],
  'state-paths': ['identity'],
  metadata: ['identity', 'durable-fs', 'state-paths'],
  'live-config': ['durable-fs', 'state-paths'],
  preserve: ['durable-fs', 'state-paths'],
  backend: ['identity'],
  'backend-local': ['backend', 'state-paths'],
  'backend-docker': ['backend', 'identity', 'state-paths'],
  egress: ['durable-fs', 'live-config'],
};

const shipped = { pathNot: '\\.test\\.ts$|/test/' };

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-resolvable', severity: 'error', from: shipped, to: { couldNotResolve: true } },
    {
      name: 'not-declared',
      comment:
        'A shipped file imports only what its package.json declares as a dependency, or what its build takes in.',
      severity: 'error',
      from: {
        ...shipped,
        path: '^(packages|apps)/[^/]+/src',
        pathNot: '\\.test\\.ts$|^packages/(test-kit|metadata)|^apps/',
      },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'], dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(layers).map(([name, allowed]) => ({
      name: `layer-${name}`,
      comment: `${name} may import only: ${allowed.join(', ') || 'nothing of the house'}.`,
      severity: 'error',
      from: { path: `^packages/${name}/src`, pathNot: '\\.test\\.ts$' },
      to: { path: '^(packages|apps)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
    })),
    {
      name: 'no-internals',
      comment: 'A package reaches another only through its entries, never its files.',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/$2/', '^packages/[^/]+/src/(index|codec|conformance)\\.ts$'],
      },
    },
    {
      name: 'identity-is-pure',
      comment: 'identity and the codec run in a browser.',
      severity: 'error',
      from: { path: '^packages/(identity/src|metadata/src/codec)', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '(^|/)(dist|node_modules/(?!@bot-bottle))' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.layers.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
