import type { KernelSpec } from '@jupyterlab/services';

/** How the names of our provisioners begin, in the metadata of a kernelspec. */
const PROVISIONERS = 'jupyter-ext-';

/** Whether kernels of a kernelspec are remote ones. */
export function isOurs(spec: KernelSpec.ISpecModel | undefined): boolean {
  const provisioner = spec?.metadata?.['kernel_provisioner'] as
    { provisioner_name?: unknown } | undefined;
  const name = provisioner?.provisioner_name;
  return typeof name === 'string' && name.startsWith(PROVISIONERS);
}

/** The kernelspecs of remote kernels, by what people call them. */
export function ourSpecs(
  specs: KernelSpec.ISpecModels | null
): KernelSpec.ISpecModel[] {
  return Object.values(specs?.kernelspecs ?? {})
    .flatMap(spec => (spec && isOurs(spec) ? [spec] : []))
    .sort((a, b) => a.display_name.localeCompare(b.display_name));
}
