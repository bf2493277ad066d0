import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['labextension/lib', 'labextension/src/api.ts', 'node_modules'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  { plugins: { jupyter } },
  jupyter.configs.recommended,
  {
    files: ['labextension/src/**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: { project: './labextension/tsconfig.test.json' }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-namespace': 'off',
      // All of ours is one small bundle; only foreign packages are worth deferring.
      'jupyter/prefer-lazy-imports': ['warn', { ignoreImports: ['./*', '../*'] }],
      curly: 'error',
      eqeqeq: 'error'
    }
  },
  {
    // Nobody reads a test's strings in another language, nor its commands in a palette.
    files: ['labextension/src/**/__tests__/**'],
    rules: {
      'jupyter/no-untranslated-string': 'off',
      'jupyter/require-disposable-ownership': 'off',
      'jupyter/command-described-by': 'off'
    }
  },
  prettier
);
