// Runs the cases of this folder on a bare Hermes: bundled with the conditions of React Native, compiled by React Native's own Babel
// preset, as an app is.
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { execute } from '../smoke/run.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Writes the program for Hermes into a folder in which the package and axios are installed; answers its path. */
export async function compileForHermes(folder, presetFolder) {
  for (const name of ['cases.js', 'react-native.js']) cpSync(join(here, name), join(folder, 'hermes', name));
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: "import './react-native.js'; import './cases.js';",
      resolveDir: join(folder, 'hermes'),
    },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    conditions: ['react-native', 'require'],
    mainFields: ['react-native', 'browser', 'main'],
    preserveSymlinks: true,
    logLevel: 'silent',
  });
  const require = createRequire(join(presetFolder, 'package.json'));
  const { code } = await require('@babel/core').transformAsync(outputFiles[0].text, {
    babelrc: false,
    configFile: false,
    compact: false,
    sourceType: 'script',
    filename: 'app.js',
    presets: [
      [require(presetFolder), { enableBabelRuntime: false, dev: false, disableImportExportTransform: true }],
    ],
  });
  const file = join(folder, 'hermes', 'app.js');
  writeFileSync(file, code);
  return file;
}

/** Runs the program; an engine that breaks down after its tally, as an old one does at its own exit, has passed. */
export const runOnHermes = (folder, engine, file) => execute(folder, engine, ['-w', file], { anyEnd: true });
