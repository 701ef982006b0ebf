/* SPDX-License-Identifier: BSD-2-Clause */
/* medium.c - files beside the application. */
#include "medium.h"
#include <efilib.h>

#define PATH_MAX 256u

static EFI_LOADED_IMAGE *loaded(EFI_HANDLE image)
{
	EFI_LOADED_IMAGE *li = NULL;

	if (EFI_ERROR(uefi_call_wrapper(BS->HandleProtocol, 3, image, &LoadedImageProtocol,
					(void **)&li)))
		return NULL;
	return li;
}

static EFI_FILE_HANDLE volume(EFI_HANDLE image)
{
	EFI_LOADED_IMAGE *li = loaded(image);

	return li && li->DeviceHandle ? LibOpenRoot(li->DeviceHandle) : NULL;
}

static void widen(CHAR16 *dst, const char *name)
{
	UINTN n = 0;

	dst[n++] = L'\\';
	while (*name && n < PATH_MAX - 1)
		dst[n++] = (CHAR16)(unsigned char)*name++;
	dst[n] = 0;
}

/* The application's own directory with a trailing backslash in front of name, when firmware says
 * where the application came from. */
static bool beside(EFI_HANDLE image, const char *name, CHAR16 *path)
{
	EFI_LOADED_IMAGE *li = loaded(image);
	CHAR16 *own = li && li->FilePath ? DevicePathToStr(li->FilePath) : NULL;
	UINTN cut = 0;
	bool ok = false;

	if (!own)
		return false;
	for (UINTN i = 0; own[i] && i < PATH_MAX - 80; i++) {
		path[i] = own[i];
		if (own[i] == L'\\')
			cut = i;
	}
	if (own[0] == L'\\') {
		widen(path + cut, name);
		ok = true;
	}
	FreePool(own);
	return ok;
}

static EFI_FILE_HANDLE open_for_reading(EFI_HANDLE image, EFI_FILE_HANDLE root, const char *name)
{
	CHAR16 path[PATH_MAX];
	EFI_FILE_HANDLE file = NULL;

	if (beside(image, name, path) &&
	    !EFI_ERROR(uefi_call_wrapper(root->Open, 5, root, &file, path, EFI_FILE_MODE_READ, 0)))
		return file;
	widen(path, name);
	if (!EFI_ERROR(uefi_call_wrapper(root->Open, 5, root, &file, path, EFI_FILE_MODE_READ, 0)))
		return file;
	return NULL;
}

bool medium_read(EFI_HANDLE image, const char *name, size_t max, char **data, size_t *len)
{
	EFI_FILE_HANDLE root = volume(image), file;
	UINTN n = max;
	bool ok;

	if (!root)
		return false;
	file = open_for_reading(image, root, name);
	uefi_call_wrapper(root->Close, 1, root);
	if (!file)
		return false;
	*data = AllocatePool(max);
	ok = *data && !EFI_ERROR(uefi_call_wrapper(file->Read, 3, file, &n, *data));
	uefi_call_wrapper(file->Close, 1, file);
	if (!ok && *data)
		FreePool(*data);
	*len = n;
	return ok;
}

EFI_STATUS medium_write(EFI_HANDLE image, const char *name, const char *data, size_t len)
{
	EFI_FILE_HANDLE root = volume(image), file = NULL;
	CHAR16 path[PATH_MAX];
	EFI_STATUS status, closed;

	if (!root)
		return EFI_NOT_FOUND;
	widen(path, name);
	/* Delete first: opening an older, longer file would leave its tail behind ours. */
	if (!EFI_ERROR(uefi_call_wrapper(root->Open, 5, root, &file, path,
					 EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0)))
		uefi_call_wrapper(file->Delete, 1, file);
	status = uefi_call_wrapper(root->Open, 5, root, &file, path,
				   EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE,
				   0);
	if (!EFI_ERROR(status)) {
		UINTN n = len;

		status = uefi_call_wrapper(file->Write, 3, file, &n, (void *)data);
		if (!EFI_ERROR(status) && n != len)
			status = EFI_VOLUME_FULL;
		closed = uefi_call_wrapper(file->Close, 1, file);
		if (!EFI_ERROR(status))
			status = closed;
	}
	uefi_call_wrapper(root->Close, 1, root);
	return status;
}

static bool ends_in_efi(const char *text, size_t len)
{
	return len >= 4 && text[len - 4] == '.' && (text[len - 3] | 32) == 'e' &&
	       (text[len - 2] | 32) == 'f' && (text[len - 1] | 32) == 'i';
}

size_t medium_load_options(EFI_HANDLE image, char *text, size_t size)
{
	EFI_LOADED_IMAGE *li = loaded(image);
	const CHAR16 *wide;
	size_t n = 0, first = 0;

	if (!li || !li->LoadOptions)
		return 0;
	wide = li->LoadOptions;
	for (UINTN i = 0; i < li->LoadOptionsSize / 2 && wide[i] && n < size; i++) {
		/* A boot manager may hand over binary data: that is not for us. */
		if ((wide[i] < 32 && wide[i] != 9 && wide[i] != 10 && wide[i] != 13) ||
		    wide[i] > 126)
			return 0;
		text[n++] = (char)wide[i];
	}
	while (first < n && text[first] != ' ')
		first++;
	if (!ends_in_efi(text, first))
		return n;
	for (size_t i = first; i < n; i++)
		text[i - first] = text[i];
	return n - first;
}
