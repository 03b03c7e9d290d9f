################################################################################
#
# edgecnn
#
################################################################################

EDGECNN_VERSION = 0.1.0
EDGECNN_SITE = $(call qstrip,$(BR2_PACKAGE_EDGECNN_DIRECTORY))
EDGECNN_SITE_METHOD = local
EDGECNN_LICENSE = Apache-2.0, MIT (musl)
EDGECNN_LICENSE_FILES = LICENSE copyright
EDGECNN_INSTALL_STAGING = YES
# Nothing is compiled or linked here.
EDGECNN_ADD_TOOLCHAIN_DEPENDENCY = NO

ifeq ($(BR2_PACKAGE_EDGECNN)$(BR_BUILDING),yy)
ifeq ($(wildcard $(EDGECNN_SITE)/bin/cnnrun),)
$(error edgecnn: $(EDGECNN_SITE)/bin/cnnrun not found; run Tools/package tar $(call qstrip,$(BR2_PACKAGE_EDGECNN_ARCH)) of EdgeCNN, or set BR2_PACKAGE_EDGECNN_DIRECTORY)
endif
endif

# The library is for one C library each, and there is none for uClibc.
EDGECNN_LIBC = $(if $(BR2_TOOLCHAIN_USES_GLIBC),glibc,$(if $(BR2_TOOLCHAIN_USES_MUSL),musl))

define EDGECNN_INSTALL_STAGING_CMDS
	$(if $(wildcard $(@D)/lib/$(EDGECNN_LIBC)/libedgecnn.a),
		$(INSTALL) -D -m 0644 $(@D)/include/edgecnn.h $(STAGING_DIR)/usr/include/edgecnn.h
		$(INSTALL) -D -m 0644 $(@D)/lib/$(EDGECNN_LIBC)/libedgecnn.a $(STAGING_DIR)/usr/lib/libedgecnn.a)
endef

define EDGECNN_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/bin/cnnrun $(TARGET_DIR)/usr/bin/cnnrun
endef

ifeq ($(BR2_PACKAGE_HAS_UDEV),y)
define EDGECNN_INSTALL_UDEV_RULES
	$(INSTALL) -D -m 0644 $(@D)/udev/61-edgecnn-camera.rules \
		$(TARGET_DIR)/usr/lib/udev/rules.d/61-edgecnn-camera.rules
endef
EDGECNN_POST_INSTALL_TARGET_HOOKS += EDGECNN_INSTALL_UDEV_RULES
endif

ifeq ($(BR2_PACKAGE_EDGECNN_USB_CAMERA),y)
EDGECNN_USB_CAMERA_OPTIONS = \
	$(shell sed -n 's/=y$$//p' $(BR2_EXTERNAL_EDGECNN_PATH)/../kernel/usb-camera.config)
define EDGECNN_LINUX_CONFIG_FIXUPS
	$(foreach option,$(EDGECNN_USB_CAMERA_OPTIONS),$(call KCONFIG_ENABLE_OPT,$(option))$(sep))
endef
endif

$(eval $(generic-package))
