import { nullTranslator } from '@jupyterlab/translation';

import { archiveProblem, MAX_ARCHIVE_BYTES, readArchive } from '../archive';
import { nameProblem, suggestName } from '../naming';

const trans = nullTranslator.load('jupyter_ext');

describe('suggestName', () => {
  it.each([
    ['Prod Cluster.tar.gz', 'prod-cluster'],
    ['stage.tgz', 'stage'],
    ['dev.v2.zip', 'dev.v2'],
    ['_hidden.tar.xz', 'hidden'],
    ['/srv/clusters/analytics/conf', 'analytics'],
    ['/etc/hadoop/conf', 'conf'],
    ['/opt/Prod/etc/hadoop/', 'prod'],
    ['https://repo.example.com/files/stage.tar.bz2?version=3', 'stage'],
    ['https://cm.example.com/', 'cm.example.com'],
    ['生产.zip', ''],
    ['', '']
  ])('makes of %s the name %s', (source, name) => {
    expect(suggestName(source)).toBe(name);
  });

  it('suggests nothing that would be refused', () => {
    const name = suggestName(`${'x'.repeat(62)}-y.zip`);
    expect(name).toBe('x'.repeat(62));
    expect(nameProblem(name, trans)).toBe('');
  });
});

describe('nameProblem', () => {
  it.each(['dev', '0', 'a.b_c-d', 'x'.repeat(63)])('accepts %s', name => {
    expect(nameProblem(name, trans)).toBe('');
  });

  it.each([
    ['', 'Give the cluster a name.'],
    ['x'.repeat(64), 'At most 63 characters.'],
    ['Prod', 'Lower-case letters'],
    ['-dev', 'Lower-case letters'],
    ['../etc', 'Lower-case letters'],
    ['a b', 'Lower-case letters']
  ])('refuses %j: %s', (name, problem) => {
    expect(nameProblem(name, trans)).toContain(problem);
  });
});

describe('archives', () => {
  it('may have 20 MB and not a byte more', () => {
    const file = new File([], 'conf.zip');
    Object.defineProperty(file, 'size', { value: MAX_ARCHIVE_BYTES });
    expect(archiveProblem(file, trans)).toBe('');
    const large = new File([], 'conf.zip');
    Object.defineProperty(large, 'size', { value: MAX_ARCHIVE_BYTES + 1 });
    expect(archiveProblem(large, trans)).toContain(
      'conf.zip has 21 MB; at most 20 MB can be sent.'
    );
    expect(archiveProblem(new File([], 'no.zip'), trans)).toBe(
      'no.zip is empty.'
    );
  });

  it('are sent as base64', async () => {
    const bytes = new Uint8Array([0x50, 0x4b, 3, 4, 0xff, 0]);
    // The test environment's own File is none that its FileReader takes.
    const file = Object.assign(new Blob([bytes]), { name: 'conf.zip' });
    expect(await readArchive(file as unknown as File)).toEqual({
      kind: 'archive',
      filename: 'conf.zip',
      data: btoa(String.fromCharCode(...bytes))
    });
  });
});
