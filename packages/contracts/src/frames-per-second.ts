/** Of every video an upstream of ours makes; lengths are counted in frames there, and in seconds at clients. */
export const framesPerSecond = 30;
