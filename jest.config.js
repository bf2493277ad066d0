const base = require('@jupyterlab/testing/lib/jest-config')(__dirname);

// Packages that ship only ES modules, which jest has to translate.
const esm = [
  '@codemirror',
  '@jupyter',
  '@jupyterlab',
  '@microsoft',
  '@rjsf',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'yjs'
].join('|');

module.exports = {
  ...base,
  reporters: ['default'],
  roots: ['<rootDir>/labextension/src'],
  setupFilesAfterEnv: ['<rootDir>/jest.setup.js'],
  testTimeout: 60000,
  testRegex: '/__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...base.transform,
    '^.+\\.tsx?$': [
      'ts-jest',
      { tsconfig: '<rootDir>/labextension/tsconfig.test.json' }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esm})/).+`]
};
