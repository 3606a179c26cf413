// Picture files and the camera. Whatever cannot be used becomes an error whose message is a sentence for the reader.

const LARGEST = 64_000_000; // pixels; a phone's camera makes 12 to 50 million
const LARGEST_FILE = 100_000_000; // bytes
const LONGEST = 1200; // pixels a side that are kept of a picture
const HEIC = "This is a HEIC picture, as phones take, which few programs read. Save or send it as a JPEG, or let the phone take JPEGs: on an iPhone, Settings, Camera, Formats, Most Compatible.";
const HIDDEN = "To prevent tracking, this browser gives the page other pixels than were drawn. Allow the page to read its canvas, or open it in another browser.";

/** Width and height as a file's first bytes tell them, so that nothing huge is decoded; null if it is no picture. */
function sizeFromHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = (text, at = 0) => [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0));
  if (starts("\x89PNG\r\n\x1a\n")) return [view.getUint32(16), view.getUint32(20)];
  if (starts("GIF8")) return [view.getUint16(6, true), view.getUint16(8, true)];
  if (starts("BM")) return [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  if (starts("RIFF") && starts("WEBP", 8)) return sizeOfWebp(view, (name) => starts(name, 12));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return sizeOfJpeg(view);
  if (starts("ftyp", 4) && ["hei", "hev", "mif", "msf"].some((brand) => starts(brand, 8))) throw new Error(HEIC);
  return null;
}

function sizeOfWebp(view, isKind) {
  if (isKind("VP8X")) return [24, 27].map((at) => (view.getUint32(at, true) & 0xffffff) + 1);
  if (isKind("VP8L")) return [0, 14].map((shift) => ((view.getUint32(21, true) >> shift) & 0x3fff) + 1);
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/** A JPEG is a row of segments; one of them, the start of the frame, has the size. */
function sizeOfJpeg(view) {
  for (let at = 2; at + 9 < view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const kind = view.getUint8(at + 1);
    const isFrame = kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
  }
  throw new RangeError("no size in this JPEG");
}

/** A file's picture, upright and not larger than needed, as a canvas. */
async function readPicture(file) {
  if (file.size > LARGEST_FILE) throw new Error("The file has more than 100 MB. Make the picture smaller, and try again.");
  let size;
  try {
    size = sizeFromHeader(new Uint8Array(await file.arrayBuffer()));
  } catch (error) {
    throw error instanceof RangeError ? new Error("The picture is damaged: its beginning cannot be read. Try another file.") : error;
  }
  if (!size) throw new Error("This file is no picture that a browser reads. PNG, JPEG, GIF, WebP and BMP are.");
  const [width, height] = size;
  if (width * height > LARGEST)
    throw new Error(`The picture has ${(width * height).toLocaleString("en-US")} pixels. Make it smaller than ${LARGEST.toLocaleString("en-US")}, and try again.`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("The picture could not be decoded; perhaps the file is cut off. Try another one.");
  }
  const picture = copyOf(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return picture;
}

/** A picture on a canvas of its own. What is transparent lies on white paper, or on black if the ink is light. */
function copyOf(source, width, height) {
  const factor = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * factor));
  canvas.height = Math.max(1, Math.round(height * factor));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "destination-over"; // what is drawn next comes below
  context.fillStyle = inkIsLight(context) ? "black" : "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Whether what is opaque is light rather than dark. */
function inkIsLight(context) {
  const { data } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  let sum = 0, weight = 0;
  for (let index = 0; index < data.length; index += 4) {
    sum += data[index + 3] * (0.299 * data[index] + 0.587 * data[index + 1] + 0.114 * data[index + 2]);
    weight += data[index + 3];
  }
  return sum >= 127.5 * weight;
}

/** The picture, turned by a quarter to the right. */
function turned(picture) {
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.height, height: picture.width });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.setTransform(0, 1, -1, 0, picture.height, 0);
  context.drawImage(picture, 0, 0);
  return canvas;
}

/** Whether pixels are read as other ones than were drawn. */
function pixelsAreChanged() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, 8, 4);
  const { data } = context.getImageData(0, 0, 8, 8);
  return data.some((value, index) => Math.abs(value - (index % 4 === 3 && index < 128 ? 255 : 0)) > 8);
}

/** Brightness from 0 to 255 of each pixel of a canvas. */
function grayOf(canvas) {
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
  const gray = new Uint8Array(data.length / 4);
  for (let index = 0; index < gray.length; index++)
    gray[index] = Math.round(0.299 * data[4 * index] + 0.587 * data[4 * index + 1] + 0.114 * data[4 * index + 2]);
  return gray;
}

let request = 0; // the latest one to open or close the camera; an older one that is still waited for gives way

/** Start the camera in a video element. Returns whether it is on, and nothing else was wanted meanwhile. */
async function openCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("This browser lets no page from a disk use a camera. Choose a picture instead.");
  closeCamera(video);
  const mine = request;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    if (mine !== request) return false;
    const why = error.name === "NotAllowedError" ? "The camera was not allowed." : "No camera was found.";
    throw new Error(`${why} Choose a picture instead, or draw.`);
  }
  if (mine !== request) return endTracks(stream);
  video.srcObject = stream;
  try {
    await video.play();
  } catch {
    endTracks(stream);
    if (mine !== request) return false;
    closeCamera(video);
    throw new Error("The camera's picture could not be shown. Choose a picture instead, or draw.");
  }
  return mine === request;
}

function endTracks(stream) {
  stream?.getTracks().forEach((track) => track.stop());
  return false;
}

/** The square in the middle of what the camera sees now, which is what the paper shows of it. */
async function takePicture(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  return copyOf(await createImageBitmap(video, (width - side) / 2, (height - side) / 2, side, side), side, side);
}

function closeCamera(video) {
  request++;
  endTracks(video.srcObject);
  video.srcObject = null;
}
