// Entry file of threshold.wasm.
import { register } from '../../sdk/assemblyscript/assembly';
import { Threshold } from './threshold';

export * from '../../sdk/assemblyscript/assembly/exports';

register(new Threshold());
