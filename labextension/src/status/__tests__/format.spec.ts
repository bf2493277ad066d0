import { nullTranslator } from '@jupyterlab/translation';

import {
  formatAge,
  formatBytes,
  formatDuration,
  formatMemory,
  formatPercent,
  fraction,
  hostOf
} from '../format';
import { outline } from '../sparkline';
import { sample, status } from './cards';

const trans = nullTranslator.load('jupyter_ext');

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 kB'],
    [1536, '1.5 kB'],
    [200 * 1024 ** 3, '200 GB'],
    [3 * 1024 ** 6, '3072 PB']
  ])('%d bytes', (value, text) => {
    expect(formatBytes(value)).toBe(text);
  });

  it.each([
    [0, '0 MB'],
    [512, '512 MB'],
    [10_240, '10 GB']
  ])('%d MB', (value, text) => {
    expect(formatMemory(value)).toBe(text);
  });

  it.each([
    [-1, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3605, '1 h'],
    [3661, '1 h 1 min'],
    [90_000, '1 d 1 h']
  ])('%d seconds', (value, text) => {
    expect(formatDuration(value, trans)).toBe(text);
  });

  it('knows no fraction of nothing, and none outside 0..1', () => {
    expect(fraction(1, 0)).toBeNull();
    expect(fraction(3, 2)).toBe(1);
    expect(fraction(-1, 2)).toBe(0);
    expect(formatPercent(null)).toBe('–');
    expect(formatPercent(0.256)).toBe('26 %');
  });

  it('says how old data is', () => {
    expect(formatAge(status('a', { polled_at: null }), 0, trans)).toBe(
      'no data yet'
    );
    expect(formatAge(status('a', { polled_at: 10 }), 10_500, trans)).toBe(
      'just now'
    );
    expect(formatAge(status('a', { polled_at: 10 }), 75_000, trans)).toBe(
      '1 min 5 s ago'
    );
  });

  it('names the host of an address', () => {
    expect(hostOf('https://rm.example:8090/')).toBe('rm.example:8090');
    expect(hostOf('nonsense')).toBe('nonsense');
  });
});

describe('outline', () => {
  it('fills the width with a short history', () => {
    const { area, memory, pending } = outline(
      [
        sample(100, { memory_mb: 0 }),
        sample(103, { memory_mb: 8192, containers_pending: 2 })
      ],
      2
    );

    expect(memory).toBe('M0,31 L240,1');
    expect(area).toBe('M0,32 L0,31 L240,1 L240,32 Z');
    expect(pending).toBe('M0,31 L240,1');
  });

  it('reaches back an hour, older samples at the left edge', () => {
    const { memory } = outline([sample(0), sample(3600), sample(5400)], 0);

    expect(memory).toMatch(/^M0,.* L120,.* L240,/);
  });
});
