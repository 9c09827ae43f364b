r"""SGSeg: segmentation through superpixels and graph neural networks.

Three networks. SPNN assigns every pixel, softly, to one of N superpixels; a graph network GNN lets
superpixels exchange what they know; a CNN, given the image and the features of the superpixels,
says which class a pixel belongs to. The CNN has autoregressive convolutions: masked in one of eight
raster orders, they see only a part of the neighbourhood. Two orders give two label maps, and what
the one says of the other is to be as much as possible. With an image I of C channels:

.. math::

    P &= \mathrm{SPNN}(I) \qquad (4) \\
    F^{SP}_s &= \sum_{h,w} P_{h,w,s} F_{h,w} / \sum_{h,w} P_{h,w,s} \qquad (3) \\
    \tilde F^{SP} &= \mathrm{GNN}(F^{SP}) \qquad (5) \\
    \tilde M_{i,j} &= \sum_s P_{i,j,s} \tilde F^{SP}_s \qquad (6) \\
    \hat M_r &= \mathrm{SoftMax}(\mathrm{CNN}_r(I \oplus \tilde M)) \qquad (7) \\
    L_{SPNN} &= L_{clustering} + \alpha L_{smoothness} + \beta L_{recon} + \eta L_{edge}
    \qquad (8) \\
    L_{TV} &= \frac{1}{HW} \sum_{i,j} (\| \partial_x \tilde M_{i,j} \|_1
    + \| \partial_y \tilde M_{i,j} \|_1) \qquad (17) \\
    L_{MI} &= -(H(\hat M_{r_1}) - H(\hat M_{r_1} | \hat M_{r_2})) \qquad (19) \\
    L^{CNN}_{recon} &= \| \hat I^{CNN}_{r_1} - I \|_2^2 + \| \hat I^{CNN}_{r_2} - I \|_2^2
    \qquad (20) \\
    L &= L_{SPNN} + L_{TV} + L_{MI} + L^{CNN}_{recon} \qquad (22)

The functions in `napari_selfseg.losses` give equations 9 to 13, those in `napari_selfseg.nets`
equations 14 to 16. Equation 19 is printed without the minus; equation 20 is taken as a mean. The
losses see colours in units of their standard deviation over the images.

The networks are trained on random patches of the images given; the patches of one image are a
collection, too. In the closing forward, and in every prediction, no convolution is masked.

References
----------
Eliasof, Ben Zikri and Treister, Unsupervised image semantic segmentation through superpixels and
graph neural networks, 2022, doi:10.48550/arXiv.2210.11810.

Ouali, Hudelot and Tami, Autoregressive unsupervised image segmentation, ECCV 2020,
doi:10.1007/978-3-030-58571-6_9.
"""

from napari_selfseg.methods._sgseg._method import SGSeg

__all__ = ["SGSeg"]
